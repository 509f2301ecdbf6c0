// Answers questions about the queue beside the event loop of its process.
import { parentPort } from 'node:worker_threads';
import { outlook } from './outlook.js';
import { packAnswer, unpackQuestion, type packQuestion } from './packed.js';

parentPort?.on('message', ({ id, question }: { id: number; question: ReturnType<typeof packQuestion> }) => {
  try {
    parentPort?.postMessage({ id, answer: packAnswer(outlook(unpackQuestion(question))) });
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
  }
});
