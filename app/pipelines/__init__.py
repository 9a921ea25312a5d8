"""What can be ordered, one file a pipeline: put a file here and it is served, priced, planned and worked on."""
