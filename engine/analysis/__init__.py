"""Fields become numbers: strain of the wall, velocity, vortices and energy of the blood, trust."""
