package compute

import (
	"context"
	"time"
)

// maxConcurrency is how many parts work may be divided into.
const maxConcurrency = 8

// quotesAnswer is the answer to a request for quotes.
type quotesAnswer struct {
	Protocol    string   `json:"protocol"`
	Concurrency int64    `json:"concurrency"`
	Quotes      []string `json:"quotes"`
	Time        float64  `json:"time"` // seconds
}

// quote fetches quotes from the quote server, several at once: all, or none.
func (s *Service) quote(ctx context.Context, in userRequest) (quotesAnswer, error) {
	c, err := s.admit(ctx, in)
	if err != nil {
		return quotesAnswer{}, err
	}
	protocol, err := c.oneOf("protocol", "tcp", "udp")
	if err != nil {
		return quotesAnswer{}, s.refuse(ctx, c, err)
	}
	concurrency, err := c.integerOr("concurrency", 1, maxConcurrency, 1)
	if err != nil {
		return quotesAnswer{}, s.refuse(ctx, c, err)
	}
	began := time.Now()
	quotes, err := s.Quotes.Fetch(ctx, protocol, s.QuoteAddr, int(concurrency))
	if err != nil {
		return quotesAnswer{}, err
	}
	return quotesAnswer{protocol, concurrency, quotes, seconds(time.Since(began))}, nil
}
