"""Formats on the wire: tensors as protocol buffers, and the JSON of the REST API."""
