// Answers questions about the queue beside the event loop of its process.
import { parentPort } from 'node:worker_threads';
import { outlook, type OutlookQuestion } from './outlook.js';

parentPort?.on('message', ({ id, question }: { id: number; question: OutlookQuestion }) => {
  try {
    parentPort?.postMessage({ id, answer: outlook(question) });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
