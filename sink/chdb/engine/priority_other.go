//go:build !linux

package engine

// lowerThreadPriority does nothing: outside Linux a thread can change only its own priority.
func lowerThreadPriority(string) error { return nil }
