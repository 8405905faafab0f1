"""Slow viscous flow between voxels by finite differences with wall forces.

Velocities are defined on the faces of the voxels and pressures at their centres (a staggered grid). The fluid fills the
whole periodic box and is held back by forces on the walls. They impose zero velocity on the faces that lie in a wall or
one face behind it, and a drag on the fluid faces along a wall, half a voxel away from it. Fourier transforms solve the
Stokes equations for given forces, so only the forces are unknown. The operator from forces to velocities is symmetric
and positive, as conjugate gradients require. A stream of velocity 1 along the axis is prescribed, and its mean force
gives the pressure gradient; across the stream, the mean force is 0 and the fluid may drift.

A volume mirrored along the flow is not doubled: the velocity along the axis is even about both ends, while the
transverse velocities and the pressure are odd, so cosines and sines along the axis represent the flow in one half.

Convergence is limited by the pressure along the pores: wall forces that balance a slowly varying pressure hardly move
the fluid. The preconditioner adds these forces, computed from a pressure that diffuses through the box as in a uniform
porous medium.

References
----------
.. [1] A. Wiegmann, "Computation of the permeability of porous materials from their microstructure by FFF-Stokes",
   Fraunhofer ITWM report 129 (2007).
.. [2] F. H. Harlow, J. E. Welch, Phys. Fluids 8 (1965) 2182-2189: the staggered grid.
"""

from napari_swnn.physics._stokes.solve import iter_stokes

__all__ = ["iter_stokes"]
