/**
 * A contract on quality: the smallest of several plans that keeps to limits is looked for on one
 * text and proved on another.
 */
package org.alphaquant.contract;
