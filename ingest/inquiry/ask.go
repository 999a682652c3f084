package inquiry

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// maxQuestion is how many bytes a question may have. Compressed it has to fit into one message.
const maxQuestion = 256 << 20

// ask sends a question and reads the answer to it.
func ask[Answer any](ctx context.Context, log *stream.Log, subject string, question any) (answer Answer, err error) {
	text, err := json.Marshal(question)
	if err != nil {
		return answer, fmt.Errorf("encode question: %w", err)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return answer, fmt.Errorf("compress question: %w", err)
	}
	told, err := log.Ask(ctx, subject, z.EncodeAll(text, nil))
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(told, &answer); err != nil {
		return answer, fmt.Errorf("read answer: %w", err)
	}
	return answer, nil
}

// Answerer returns what answers questions of a kind. What is no such question is a
// Permanent error.
func Answerer[Question, Answer any](answer func(context.Context, Question) (Answer, error)) stream.Answerer {
	return func(ctx context.Context, request []byte) ([]byte, error) {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxQuestion))
		if err != nil {
			return nil, fmt.Errorf("decompress question: %w", err)
		}
		defer z.Close()
		text, err := z.DecodeAll(request, nil)
		if err != nil {
			return nil, event.Permanentf("decompress question: %w", err)
		}
		var question Question
		if err := json.Unmarshal(text, &question); err != nil {
			return nil, event.Permanentf("read question: %w", err)
		}
		told, err := answer(ctx, question)
		if err != nil {
			return nil, err
		}
		return json.Marshal(told)
	}
}
