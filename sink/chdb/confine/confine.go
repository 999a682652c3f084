package confine

import (
	"fmt"
	"strings"
)

// Mode says what happens where the kernel cannot confine the process.
type Mode string

const (
	// Auto applies what the kernel has; [State.Missing] says what it lacks.
	Auto Mode = "auto"
	// Require refuses to go on without the whole wall.
	Require Mode = "require"
	// Off confines nothing, for debugging.
	Off Mode = "off"
)

// Validate returns an error for any other word.
func (m Mode) Validate() error {
	switch m {
	case Auto, Require, Off:
		return nil
	}
	return fmt.Errorf("want %s, %s or %s, got %q", Auto, Require, Off, string(m))
}

// Plan is what [Enter] confines the process to.
type Plan struct {
	Mode  Mode
	Files Files
	// Message reaches the confined process; it may hold secrets.
	Message []byte
	// Descriptors is the number of inherited file descriptors that the process
	// uses: 0 to Descriptors-1. The other inherited ones are closed in every mode.
	Descriptors int
}

// Files are the files that the process can still open. A directory stands for
// everything below it.
type Files struct {
	// Write may be read, written, made and removed. They have to exist.
	Write []string
	// Read may be read. Those that do not exist are left out.
	Read []string
}

// State is what confines a process.
type State struct {
	// Landlock is the version of the kernel's interface that bounds the files; 0
	// where nothing does.
	Landlock int `json:"landlock"`
	// Seccomp says whether a filter bounds the system calls: no new sockets, no
	// other programs.
	Seccomp bool `json:"seccomp"`
	// Missing says why a part of the wall is not there; "" where both are.
	Missing string `json:"missing,omitempty"`
}

// String names the parts that hold, and the reason why one does not.
func (s State) String() string {
	var parts []string
	if s.Landlock > 0 {
		parts = append(parts, fmt.Sprintf("files (Landlock %d)", s.Landlock))
	}
	if s.Seccomp {
		parts = append(parts, "network and programs (seccomp)")
	}
	text := "not confined"
	if len(parts) > 0 {
		text = "confined: " + strings.Join(parts, ", ")
	}
	if s.Missing != "" {
		text += "; " + s.Missing
	}
	return text
}
