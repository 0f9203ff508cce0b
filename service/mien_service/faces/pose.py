"""Head pose from 68 landmarks: a rigid head model is turned until it projects onto them.

Model points: the common six-point head of the solvePnP literature (millimetres, y down, z away from the
camera), an average adult; the angles are good to a few degrees.
"""

import cv2
import numpy as np

from mien_service.faces.face import Points, Pose

MODEL_LANDMARKS = (30, 8, 36, 45, 48, 54)
"""Nose tip, chin, outer eye corners, mouth corners."""

MODEL_POINTS = np.array(
    [
        [0, 0, 0],
        [0, 63.6, 12.5],
        [-43.3, -32.7, 26.0],
        [43.3, -32.7, 26.0],
        [-28.9, 28.9, 24.1],
        [28.9, 28.9, 24.1],
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
    fits, turn, _ = cv2.solvePnP(MODEL_POINTS, image_points, camera, np.zeros(4), flags=cv2.SOLVEPNP_SQPNP)
    if not fits:
        return Pose(0.0, 0.0, 0.0)
    rotation, _ = cv2.Rodrigues(turn)
    yaw = float(np.degrees(np.arcsin(np.clip(-rotation[2, 0], -1, 1))))
    pitch = float(np.degrees(np.arctan2(rotation[2, 1], rotation[2, 2])))
    roll = float(np.degrees(np.arctan2(rotation[1, 0], rotation[0, 0])))
    return Pose(yaw, pitch, roll)
