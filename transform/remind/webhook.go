package remind

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/citytally/citytally/configs/outbound"
)

// The headers of a request to a webhook.
const (
	headerDelivery  = "Citytally-Delivery"  // the digest's id
	headerTimestamp = "Citytally-Timestamp" // when it was sent, in Unix seconds
	headerSignature = "Citytally-Signature" // sha256= and the signature in hex
)

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 4 << 10

// signature returns the HMAC-SHA256 of a timestamp, a dot and a body.
func signature(key []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// post sends a digest to a webhook. An answer of 200 to 299 takes it; 408, 429 and 500 and above
// may pass; any other refuses it.
func (t *telling) post(ctx context.Context, w *Webhook, d *Digest) error {
	key, err := w.key()
	if err != nil {
		return err
	}
	body, err := json.Marshal(d)
	if err != nil {
		return &refusal{fmt.Errorf("encode digest: %w", err)}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return &refusal{outbound.WithoutAddress(err)}
	}
	timestamp := strconv.FormatInt(t.now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "citytally")
	request.Header.Set(headerDelivery, d.ID)
	request.Header.Set(headerTimestamp, timestamp)
	request.Header.Set(headerSignature, signature(key, timestamp, body))
	answer, err := outbound.Client(t.config.Timeout, 0, w.AllowLocal).Do(request)
	if err != nil {
		return outbound.WithoutAddress(err)
	}
	defer answer.Body.Close()
	status := answer.StatusCode
	switch {
	case status >= 200 && status < 300:
		// The start of the answer is read, so that the receiver can end in good order.
		_, _ = io.CopyN(io.Discard, answer.Body, maxAnswer)
		return nil
	case status >= 500 || status == http.StatusRequestTimeout || status == http.StatusTooManyRequests:
		return fmt.Errorf("it answers %s", answer.Status)
	case status >= 300 && status < 400:
		return &refusal{fmt.Errorf("it answers %s and leads elsewhere, which is not followed; set the address that takes it", answer.Status)}
	}
	return &refusal{fmt.Errorf("it answers %s", answer.Status)}
}
