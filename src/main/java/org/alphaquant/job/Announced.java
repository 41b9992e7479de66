package org.alphaquant.job;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On a statement of a repository that changes jobs or appends events: the rows that it returns are
 * {@linkplain Announcements announced} when they are committed.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Announced {}
