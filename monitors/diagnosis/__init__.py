"""From Evidence to one cause, one sentence and one next step: ordered pure rules."""
