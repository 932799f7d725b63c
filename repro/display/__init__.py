"""What a person sees: results in, lines in a terminal or on CI's page out. `report` makes what is stored instead."""
