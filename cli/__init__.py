"""What a person types: `customlabels`, which works on a deployment that it finds by its stacks' outputs."""
