"""The window of Myoflux: it composes the engine's verbs, and knows nothing of their inside."""
