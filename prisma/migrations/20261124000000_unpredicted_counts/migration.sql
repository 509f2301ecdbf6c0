-- Validation examples without a prediction were counted all together; now they are by class. A run validates the same
-- examples each time, so a class lacks as many as its row has less than the fullest row of that class in the run.
WITH totals AS (
  SELECT run_id, seq, class, (SELECT sum(cell::int) FROM jsonb_array_elements_text(cells) AS cell) AS total
  FROM run_events, jsonb_array_elements(data->'confusionMatrix') WITH ORDINALITY AS matrix (cells, class)
  WHERE kind = 'evaluation' AND data ? 'unpredictedCount'
), lacking AS (
  SELECT run_id, seq, jsonb_agg(most - total ORDER BY class) AS counts
  FROM (SELECT *, max(total) OVER (PARTITION BY run_id, class) AS most FROM totals) AS known
  GROUP BY run_id, seq
)
UPDATE run_events SET data = (data - 'unpredictedCount') || jsonb_build_object('unpredictedCounts', counts)
FROM lacking WHERE run_events.run_id = lacking.run_id AND run_events.seq = lacking.seq;
