package remind

import (
	"context"
	"encoding/json"
	"fmt"
)

// announce publishes a reminder for those who listen on the broker.
func (t *telling) announce(ctx context.Context, r *Reminder) error {
	body, err := json.Marshal(r)
	if err != nil {
		return &refusal{fmt.Errorf("encode reminder: %w", err)}
	}
	return t.log.Announce(ctx, subject(r), r.ID, body)
}
