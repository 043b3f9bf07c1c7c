package overgrpc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/types/known/durationpb"

	toystorev1 "lockstep/shared/proto/toystore/v1"
	"lockstep/shared/proto/toystore/v1/toystorev1connect"
	"lockstep/wasmclient/toystore"
	"lockstep/wasmclient/toystore/overgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service answers by its functions.
type service struct {
	query func(*toystorev1.QueryRequest) (*toystorev1.QueryResponse, error)
	buy   func(*toystorev1.BuyRequest) (*toystorev1.BuyResponse, error)
}

func (s service) Query(_ context.Context, in *toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) {
	return s.query(in)
}

func (s service) Buy(_ context.Context, in *toystorev1.BuyRequest) (*toystorev1.BuyResponse, error) {
	return s.buy(in)
}

// dial returns a client of a server of the handler in HTTP/2 without TLS, and in nothing else.
func dial(t *testing.T, handler http.Handler) *overgrpc.Client {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	c := overgrpc.New(s.URL)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func serving(s service) http.Handler {
	mux := http.NewServeMux()
	mux.Handle(toystorev1connect.NewToyStoreHandler(s))
	return mux
}

func failing(err error) http.Handler {
	return serving(service{
		func(*toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) { return nil, err },
		func(*toystorev1.BuyRequest) (*toystorev1.BuyResponse, error) { return nil, err },
	})
}

var purchase = toystore.Purchase{Toy: "Tux", Quantity: 3, Key: "k"}

func TestQuery(t *testing.T) {
	t.Parallel()
	c := dial(t, serving(service{query: func(in *toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) {
		return &toystorev1.QueryResponse{Name: in.GetName(), PriceCents: 2599, Stock: 12}, nil
	}}))
	toy, err := c.Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, toystore.Toy{Name: "Tux", Price: 2599, Stock: 12}, toy)

	_, err = dial(t, failing(connect.NewError(connect.CodeNotFound, errors.New("there is no toy 'Tux'")))).Query(t.Context(), "Tux")
	require.ErrorIs(t, err, toystore.ErrNoSuchToy)
}

func TestBuy(t *testing.T) {
	t.Parallel()
	for answer, c := range map[toystorev1.Result]struct {
		want toystore.Result
		says string
	}{
		toystorev1.Result_RESULT_BOUGHT:       {toystore.Bought, ""},
		toystorev1.Result_RESULT_OUT_OF_STOCK: {toystore.OutOfStock, ""},
		toystorev1.Result_RESULT_NO_SUCH_TOY:  {0, toystore.ErrNoSuchToy.Error()},
		toystorev1.Result_RESULT_UNSPECIFIED:  {0, "what no toy store does"},
		99:                                    {0, "what no toy store does"},
	} {
		var asked *toystorev1.BuyRequest
		sale, err := dial(t, serving(service{buy: func(in *toystorev1.BuyRequest) (*toystorev1.BuyResponse, error) {
			asked = in
			return &toystorev1.BuyResponse{Result: answer, Stock: 7}, nil
		}})).Buy(t.Context(), purchase)
		require.Equal(t, "Tux 3 k", asked.GetName()+" "+string('0'+rune(asked.GetQuantity()))+" "+asked.GetIdempotencyKey())
		if c.says != "" {
			require.ErrorContains(t, err, c.says)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, toystore.Sale{Result: c.want, Stock: 7}, sale)
	}
}

func busy(t *testing.T) error {
	t.Helper()
	err := connect.NewError(connect.CodeResourceExhausted, errors.New("too many"))
	detail, failed := connect.NewErrorDetail(&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	require.NoError(t, failed)
	err.AddDetail(detail)
	return err
}

// What an error says decides what is repeated, and what the buyer is told.
func TestFailures(t *testing.T) {
	t.Parallel()
	coded := func(code connect.Code) http.Handler { return failing(connect.NewError(code, errors.New("so it is"))) }
	for name, c := range map[string]struct {
		handler          http.Handler
		says             string
		inDoubt, passing bool
		after            time.Duration
	}{
		"invalid":         {coded(connect.CodeInvalidArgument), "invalid_argument: so it is", false, false, 0},
		"the key is used": {coded(connect.CodeFailedPrecondition), "failed_precondition: so it is", false, false, 0},
		"busy":            {failing(busy(t)), "resource_exhausted: too many", false, true, 7 * time.Second},
		"unavailable":     {coded(connect.CodeUnavailable), "unavailable", true, true, 0},
		"upstream":        {coded(connect.CodeUnknown), "unknown: so it is", true, true, 0},
		"its time":        {coded(connect.CodeDeadlineExceeded), "deadline_exceeded", true, true, 0},
		"internal":        {coded(connect.CodeInternal), "internal: so it is", true, false, 0},
		"lost":            {http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "", true, true, 0},
		"not found":       {http.NotFoundHandler(), "404", false, false, 0},
		"no gRPC":         {http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "", true, false, 0},
		"a gateway":       {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }), "502", true, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, c.handler).Buy(t.Context(), purchase)
			failed := new(toystore.Error)
			require.ErrorAs(t, err, &failed)
			require.Contains(t, failed.Message, c.says)
			require.Equal(t, c.inDoubt, failed.InDoubt, "in doubt: %v", err)
			require.Equal(t, c.passing, failed.Passing, "passing: %v", err)
			require.Equal(t, c.after, failed.After)
		})
	}
}

func TestAnInterruptedRequest(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	c := dial(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}))
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-asked
		cancel(errors.New("given up"))
	}()
	_, err := c.Buy(ctx, purchase)
	require.ErrorContains(t, err, "given up")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.True(t, failed.InDoubt)
	require.False(t, failed.Passing)
}

func TestNoServer(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := overgrpc.New(s.URL).Buy(t.Context(), purchase)
	require.ErrorContains(t, err, "can't be reached")
	failed := new(toystore.Error)
	require.ErrorAs(t, err, &failed)
	require.False(t, failed.InDoubt || failed.Passing)
}

func TestCloseGivesTheConnectionUp(t *testing.T) {
	t.Parallel()
	var from []string
	handler := serving(service{query: func(*toystorev1.QueryRequest) (*toystorev1.QueryResponse, error) {
		return &toystorev1.QueryResponse{}, nil
	}})
	c := dial(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from = append(from, r.RemoteAddr)
		handler.ServeHTTP(w, r)
	}))
	for range 2 {
		_, err := c.Query(t.Context(), "Tux")
		require.NoError(t, err)
	}
	require.NoError(t, c.Close())
	_, err := c.Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, from[0], from[1], "kept between calls")
	require.NotEqual(t, from[1], from[2])
}

func TestWhatIsNoRequestIsNotSent(t *testing.T) {
	t.Parallel()
	c := dial(t, failing(errors.New("it was sent")))
	_, err := c.Query(t.Context(), "\xff")
	require.ErrorContains(t, err, "UTF-8")
	_, err = c.Buy(t.Context(), toystore.Purchase{Toy: "Tux"})
	require.ErrorContains(t, err, "quantity")
}
