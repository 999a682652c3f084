package crowd

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/attempts"
)

// FailedLogins is the message of the line that tells of failed logins; its field
// [FailedLoginsField] is how many there were since the line before.
const (
	FailedLogins      = "login to ClickHouse failed"
	FailedLoginsField = "failures"
)

// maxName bounds the user's name in a line, in bytes.
const maxName = 64

// Logins tells of failed logins, and slows the addresses that they come from.
type Logins struct {
	failures *attempts.Counter
	untold   atomic.Int64
	log      zerolog.Logger
}

// NewLogins returns Logins that tell a log.
func NewLogins(log zerolog.Logger) *Logins { return &Logins{failures: attempts.New(), log: log} }

// Failed counts the failed login of a user from an address with its port. Where the address has
// failed often, Failed returns after a while, or when ctx ends; then the login is answered. So
// guessing is slow, and nobody who knows the password waits.
func (l *Logins) Failed(ctx context.Context, user, address string) {
	l.untold.Add(1)
	wait := l.failures.Fail(address, time.Now())
	if wait == 0 {
		l.log.Warn().Str("user", user[:min(len(user), maxName)]).Str("address", address).Int64(FailedLoginsField, l.untold.Swap(0)).Msg(FailedLogins)
		return
	}
	waited := time.NewTimer(wait)
	defer waited.Stop()
	select {
	case <-waited.C:
	case <-ctx.Done():
	}
}
