"""How long a class takes on many workers: a model, and the costs that it rests on."""
