//go:build linux && !amd64 && !arm64

package confine

import (
	"errors"
	"runtime"
)

// filterSystemCalls says that there is no list of calls for this architecture.
func filterSystemCalls() error {
	return errors.New("system calls are not filtered on " + runtime.GOARCH)
}
