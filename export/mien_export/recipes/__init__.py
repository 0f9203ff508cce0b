"""One file per network, readable from top to bottom: constants, data, model, loss, loop."""
