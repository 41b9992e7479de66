package org.alphaquant.worker;

/** Creates the threads that run attempts. */
@FunctionalInterface
interface AttemptThreads {
  Thread thread(Runnable work);
}
