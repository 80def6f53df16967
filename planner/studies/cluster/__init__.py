"""Work that is sent to a Dask cluster which is there already."""
