"""Teams: backbones, teachers, and the trainings that turn one into a player."""
