"""What lies in a results folder, and its types: records, cells, provenance, stored experiments."""
