//go:build !linux

package confine

import (
	"errors"
	"runtime"
)

// Enter asks for the plan and returns its message. It confines nothing: this
// system has neither Landlock nor seccomp. [Require] is an error.
func Enter(plan func() (Plan, error)) ([]byte, State, error) {
	p, err := plan()
	if err != nil {
		return nil, State{}, err
	}
	missing := errors.New("confining a process needs Linux, and this is " + runtime.GOOS)
	switch p.Mode {
	case Require:
		return nil, State{}, missing
	case Off:
		return p.Message, State{Missing: "switched off"}, nil
	}
	return p.Message, State{Missing: missing.Error()}, nil
}

// Check has nothing to look for.
func (s State) Check() error { return nil }
