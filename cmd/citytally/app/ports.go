package app

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
)

// portHint adds to the error of a listener whose port is taken what to do about
// it; flag is the flag that chooses the port. The broker's errors have no type, so
// their text decides.
func portHint(err error, flag string) error {
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) && !strings.Contains(err.Error(), "address already in use") {
		return err
	}
	return fmt.Errorf("%w; another program has this port, perhaps another citytally: stop it, or choose a port with %s (0 takes any free one)", err, flag)
}
