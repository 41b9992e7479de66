/**
 * The job: one row that is the API resource, the queue entry, the lock and the history.
 *
 * <pre>
 *   create ──▶ QUEUED ──claim──▶ RUNNING ──▶ SUCCEEDED | FAILED | CANCELLED
 *                ▲  │               │            │
 *                │  └─cancel──▶ CANCELLED        │ retry by a person
 *                └──retry, give-back, lost lease─┴──▶ QUEUED
 * </pre>
 *
 * A worker owns a running job by its {@code lease_epoch}, which every claim raises. Each later
 * write of that worker names the epoch; when another claim came between, it changes no row. The
 * row's {@code event_seq} is raised by the statement that appends an event, so the order of commits
 * is the order of the sequence and a reader of {@code seq > n} can miss nothing. All times come
 * from the database clock.
 */
package org.alphaquant.job.row;
