"""One file a check: run one thing on the installed libraries, return what came out."""
