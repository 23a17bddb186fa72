"""How accurate the methods are: phantoms with known motion, real loops, and the paper's figures."""
