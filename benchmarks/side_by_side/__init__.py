"""The parts of serving.py: the servers, the requests and the report."""
