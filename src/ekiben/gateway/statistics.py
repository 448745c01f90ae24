"""Adding up the statistics of a model's workers."""

from __future__ import annotations

from collections.abc import Sequence

from ekiben.schemas.open_inference import DurationStatistic, InferenceStatistics, ModelStatistics


def total(name: str, version: str, reports: Sequence[ModelStatistics]) -> ModelStatistics:
    """One model's statistics over all its workers."""
    parts = {
        part: DurationStatistic(
            count=sum(getattr(report.inference_stats, part).count for report in reports),
            ns=sum(getattr(report.inference_stats, part).ns for report in reports),
        )
        for part in InferenceStatistics.model_fields
    }
    return ModelStatistics(
        name=name,
        version=version,
        last_inference=max((report.last_inference for report in reports), default=0),
        inference_count=sum(report.inference_count for report in reports),
        execution_count=sum(report.execution_count for report in reports),
        inference_stats=InferenceStatistics(**parts),
    )
