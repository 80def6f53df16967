"""What is done with a model: solve it, explain a plan, say why there is none."""
