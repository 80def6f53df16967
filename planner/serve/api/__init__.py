"""What the pages do, for programs: JSON in and out, below ``/api/``."""
