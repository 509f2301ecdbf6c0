// The server's settings for a laptop or one GPU box: small memory, few processes, nothing traded for durability.
// They are passed on the command line, so they follow the code and not the day on which the cluster was made.

export const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  // TCP on loopback rather than a Unix socket: socket paths end at 107 bytes, which a deep checkout exceeds, and
  // every client (pg, Prisma, BullMQ, psql, migration tools) takes the one URL form. The password guards it.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '60',
  cluster_name: 'trainyard',

  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  huge_pages: 'off',
  jit: 'off',
  // Reads come from the page cache: worker processes for them, for parallel plans and for replication are idle weight.
  io_method: 'sync',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '1',

  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  checkpoint_timeout: '15min',

  timezone: 'UTC',
  log_timezone: 'UTC',
  // A failed statement is its client's to report; the log keeps what happens to the server.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};
