package quote_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lockstep/functions/compute/quote"
)

// BenchmarkFetch fetches 8 quotes at once from the bundle's own server.
func BenchmarkFetch(b *testing.B) {
	for _, protocol := range []string{quote.TCP, quote.UDP} {
		b.Run(protocol, func(b *testing.B) {
			address := listen(b, &quote.Server{Quotes: some(40)})
			f := new(quote.Fetcher)
			b.ReportAllocs()
			for b.Loop() {
				_, err := f.Fetch(b.Context(), protocol, address, quote.MaxQuotes)
				require.NoError(b, err)
			}
		})
	}
}
