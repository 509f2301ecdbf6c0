// The schemas that others refer to by `$ref`, and so the named components of the OpenAPI document.
import type { FastifyInstance } from 'fastify';
import { Artifact, ArtifactPage } from '../schemas/artifact.js';
import { Box, BoxChange, BoxPage, CreatedBox, NewBox } from '../schemas/box.js';
import { Dataset, DatasetPage } from '../schemas/dataset.js';
import { Device, DevicePage, DeviceWorker } from '../schemas/device.js';
import { ClassMetrics, Evaluation, Evaluations } from '../schemas/evaluation.js';
import { EvaluationData, EventPage, RunEvent, SamplePrediction } from '../schemas/event.js';
import { CheckResult, Liveness, Readiness } from '../schemas/health.js';
import { ApiKey, ApiKeyPage, AuditEntry, AuditPage, BrowserSession, CreatedApiKey, CreatedShare, Identity, Login, Member, MemberPage, MemberRole, NewApiKey, NewShare, NewTeam, NewUser, Share, SharePage, Team, TeamChange, TeamPage, Ticket, User, UserChange, UserPage } from '../schemas/identity.js';
import { Ledger, LedgerItem, LedgerTotal } from '../schemas/ledger.js';
import { MetricBuckets, MetricPoints, MetricSeries, MetricSeriesList, RunCurves, RunCurvesList } from '../schemas/metric.js';
import { ModelSummary } from '../schemas/model.js';
import { Plan, PlanLayer } from '../schemas/plan.js';
import { Prediction, Predictions, PredictRequest } from '../schemas/predict.js';
import { Problem, ProblemError, ProblemType } from '../schemas/problem.js';
import { Queue, QueueEntry, QueueOutlook, StartChange } from '../schemas/queue.js';
import { Recipe, RecipePage } from '../schemas/recipe.js';
import { MetricValue, MetricValues, Run, RunExtension, RunMove, RunNotes, RunPage, RunProgress, RunTransition } from '../schemas/run.js';
import { SPEC_SCHEMAS } from '../schemas/spec.js';
import { Fork, ForkChanges, RecipeChanges, RunSubmission } from '../schemas/submission.js';
import { FileUsage, RunUsage, Usage } from '../schemas/usage.js';

export const SHARED_SCHEMAS = [
  CheckResult, ProblemError, ProblemType, Problem, Liveness, Readiness,
  ...SPEC_SCHEMAS, RecipeChanges, Fork, ForkChanges, RunSubmission,
  MetricValue, MetricValues, RunTransition, RunProgress, Run, RunPage, RunExtension, RunNotes, RunMove,
  StartChange, QueueEntry, QueueOutlook, Queue, PlanLayer, Plan, ModelSummary,
  MetricPoints, MetricBuckets, MetricSeries, MetricSeriesList, RunCurves, RunCurvesList, SamplePrediction, EvaluationData, RunEvent, EventPage, ClassMetrics, Evaluation, Evaluations,
  PredictRequest, Prediction, Predictions, Artifact, ArtifactPage, Dataset, DatasetPage, Recipe, RecipePage, DeviceWorker, Device, DevicePage, Box, BoxPage, NewBox, CreatedBox, BoxChange,
  FileUsage, RunUsage, Usage, LedgerTotal, LedgerItem, Ledger,
  Identity, Login, BrowserSession, Ticket, ApiKey, ApiKeyPage, CreatedApiKey, NewApiKey, Team, TeamPage, TeamChange, NewTeam, Member, MemberPage, MemberRole,
  User, UserPage, NewUser, UserChange, Share, SharePage, CreatedShare, NewShare, AuditEntry, AuditPage,
] as const;

export function installSharedSchemas(app: FastifyInstance): void {
  for (const schema of SHARED_SCHEMAS) app.addSchema(schema);
}
