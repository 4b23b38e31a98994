"""Teams: backbones, teachers, and the trainings of teams."""
