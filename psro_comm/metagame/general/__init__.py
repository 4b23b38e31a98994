"""General-sum games: of two players, of n players, and role-symmetric ones."""
