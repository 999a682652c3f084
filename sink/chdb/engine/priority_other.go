//go:build !linux

package engine

// lowerThreadPriority does nothing: here a thread can only change its own priority.
func lowerThreadPriority(string) error { return nil }
