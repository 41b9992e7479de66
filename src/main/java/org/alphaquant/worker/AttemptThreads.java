package org.alphaquant.worker;

/** Makes the threads that attempts run on. */
@FunctionalInterface
interface AttemptThreads {
  Thread thread(Runnable work);
}
