package drop

import (
	"errors"
	"fmt"
	"time"
)

// Config is where files are taken from, and when.
type Config struct {
	// Dir is the directory that has the areas' folders; "" takes no files.
	Dir string `yaml:"dir"`
	// Every is how often the folders are looked at.
	Every time.Duration `yaml:"every"`
	// Settle is how long a file has to lie there unchanged before it is taken. An empty one has
	// to for ten times as long.
	Settle time.Duration `yaml:"settle"`
}

// DefaultConfig takes no files.
func DefaultConfig() Config { return Config{Every: 2 * time.Second, Settle: 5 * time.Second} }

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	if c.Every < 100*time.Millisecond || c.Every > time.Hour {
		errs = append(errs, fmt.Errorf("drop.every: want 100ms to 1h, got %s", c.Every))
	}
	if c.Settle < 0 || c.Settle > time.Hour {
		errs = append(errs, fmt.Errorf("drop.settle: want 0s to 1h, got %s", c.Settle))
	}
	return errors.Join(errs...)
}
