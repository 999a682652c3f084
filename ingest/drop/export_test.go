package drop

import "time"

// WithSteps has an error of reached end the watcher, as a kill there would.
func WithSteps(reached func(step string) error) Option {
	return func(w *Watcher) { w.reached = reached }
}

// WithTakeOver sets when a claim of another instance is taken over.
func WithTakeOver(after time.Duration) Option { return func(w *Watcher) { w.takeOver = after } }
