"""The commands of `customlabels`, a module for each group; `register` adds its commands to the command line."""
