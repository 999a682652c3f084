package remind

import (
	"context"
	"encoding/json"
	"fmt"
)

// announce publishes a digest for those who listen on the broker.
func (t *telling) announce(ctx context.Context, subject string, d *Digest) error {
	body, err := json.Marshal(d)
	if err != nil {
		return &refusal{fmt.Errorf("encode digest: %w", err)}
	}
	return t.log.Announce(ctx, subject, d.ID, body)
}
