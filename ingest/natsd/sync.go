package natsd

import (
	"fmt"
	"time"
)

// SyncInterval is how long a write may wait for its fsync. Its text form, in
// settings and environment, is "always" or a duration such as "30s".
type SyncInterval time.Duration

// SyncAlways syncs every write before it is acknowledged.
const SyncAlways SyncInterval = 0

// String returns the text form.
func (s SyncInterval) String() string {
	if s == SyncAlways {
		return "always"
	}
	return time.Duration(s).String()
}

// MarshalText returns the text form.
func (s SyncInterval) MarshalText() ([]byte, error) {
	return []byte(s.String()), nil
}

// UnmarshalText reads the text form. A duration must be positive.
func (s *SyncInterval) UnmarshalText(text []byte) error {
	if string(text) == "always" {
		*s = SyncAlways
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf(`want "always" or a positive duration such as 30s, got %q`, text)
	}
	*s = SyncInterval(d)
	return nil
}
