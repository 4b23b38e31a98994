"""The lab: makes each named artefact of a run at most once."""
