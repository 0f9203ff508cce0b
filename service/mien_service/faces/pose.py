"""Head pose from 68 landmarks: a rigid head model is turned until it projects onto them.

The model is the median of ten points on 30 people made by the generator, as the 468-point mesh teacher sees them,
made symmetric, in millimetres for an outer eye distance of 90 (x to the image's right, y down, z away from the
camera, the nose tip at 0).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mien_service.faces.face import Points, Pose

MODEL_LANDMARKS = (36, 39, 42, 45, 30, 27, 33, 48, 54, 8)
"""Eye corners from left to right, nose tip, nose bridge, nose base, mouth corners, chin."""

MODEL_POINTS = np.array(
    [
        [-45.0, -34.0, 47.2],
        [-17.5, -33.2, 41.7],
        [17.5, -33.2, 41.7],
        [45.0, -34.0, 47.2],
        [0.0, 0.0, 0.0],
        [0.0, -39.8, 25.2],
        [0.0, 7.1, 15.2],
        [-29.2, 28.8, 37.0],
        [29.2, 28.8, 37.0],
        [0.0, 75.1, 33.5],
    ],
    np.float64,
)

FOCAL_FACE_WIDTHS = 5.0
"""Assumed focal length in face widths: a portrait taken from a metre or more away."""


def estimate_pose(landmarks: Points) -> Pose:
    """Return the head pose in degrees for (68, 2) landmarks; all zero where no pose fits."""
    image_points = landmarks[list(MODEL_LANDMARKS)].astype(np.float64)
    focal = FOCAL_FACE_WIDTHS * max(float(np.ptp(landmarks[:, 0])), 1.0)
    centre = landmarks.mean(axis=0)
    camera = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1]], np.float64)
    try:
        fits, turn, _ = cv2.solvePnP(MODEL_POINTS, image_points, camera, np.zeros(4), flags=cv2.SOLVEPNP_SQPNP)
    except cv2.error:  # the points lie too close together
        return Pose(0.0, 0.0, 0.0)
    if not fits:
        return Pose(0.0, 0.0, 0.0)
    rotation, _ = cv2.Rodrigues(turn)
    return pose_of_rotation(np.asarray(rotation, np.float64))


def pose_of_rotation(rotation: NDArray[np.float64]) -> Pose:
    """Return the pose in degrees of a head rotated by a (3, 3) matrix; x to the right, y down, z away."""
    # The nose is nearest to the camera: turned to the image's right, the head's own x axis points away from it.
    yaw = float(np.degrees(np.arcsin(np.clip(rotation[2, 0], -1, 1))))
    pitch = float(np.degrees(np.arctan2(rotation[2, 1], rotation[2, 2])))
    roll = float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0])))
    return Pose(yaw, pitch, roll)


def rotation_of(pose: Pose) -> NDArray[np.float64]:
    """Return the rotation (3, 3) of a head in a pose: what `pose_of_rotation` reads it from."""
    yaw, pitch, roll = np.radians(pose)
    aside = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    tilt = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return tilt @ aside @ nod
