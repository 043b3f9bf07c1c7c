package rpc_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"lockstep/functions/toystore"
	toystorev1 "lockstep/shared/proto/toystore/v1"
)

func TestProtocols(t *testing.T) {
	t.Parallel()
	for name := range dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := speak(t, MustServe(t, stocked(t), 0), name)

			toy, err := c.Query(t.Context(), &toystorev1.QueryRequest{Name: "Tux"})
			require.NoError(t, err)
			require.Equal(t, []any{"Tux", int64(2599), int64(12)}, []any{toy.GetName(), toy.GetPriceCents(), toy.GetStock()})
			toy, err = c.Query(t.Context(), &toystorev1.QueryRequest{Name: "Fox"})
			require.NoError(t, err, "what is out of stock has a price all the same")
			require.Equal(t, []int64{1950, 0}, []int64{toy.GetPriceCents(), toy.GetStock()})
			_, err = c.Query(t.Context(), &toystorev1.QueryRequest{Name: "Yeti"})
			require.Equal(t, connect.CodeNotFound, connect.CodeOf(err))
			require.ErrorContains(t, err, "there is no toy 'Yeti'")

			for _, step := range []struct {
				in     *toystorev1.BuyRequest
				result toystorev1.Result
				stock  int64
			}{
				{&toystorev1.BuyRequest{Name: "Tux"}, toystorev1.Result_RESULT_BOUGHT, 11},
				{&toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(1)}, toystorev1.Result_RESULT_BOUGHT, 10},
				{&toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(7)}, toystorev1.Result_RESULT_BOUGHT, 3},
				{&toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(4)}, toystorev1.Result_RESULT_OUT_OF_STOCK, 3},
				{&toystorev1.BuyRequest{Name: "Yeti"}, toystorev1.Result_RESULT_NO_SUCH_TOY, 0},
			} {
				sale, err := c.Buy(t.Context(), step.in)
				require.NoError(t, err)
				require.Equal(t, step.result, sale.GetResult(), "%v", step.in)
				require.Equal(t, step.stock, sale.GetStock(), "%v", step.in)
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	address := MustServe(t, stocked(t), 0)
	for name := range dialects { // one purchase, whatever it comes through
		sale, err := speak(t, address, name).Buy(t.Context(), &toystorev1.BuyRequest{Name: "Tux", IdempotencyKey: "k"})
		require.NoError(t, err)
		require.Equal(t, toystorev1.Result_RESULT_BOUGHT, sale.GetResult())
		require.Equal(t, int64(11), sale.GetStock(), name)
	}
	_, err := speak(t, address, "gRPC").Buy(t.Context(), &toystorev1.BuyRequest{Name: "Tux", Quantity: proto.Int64(2), IdempotencyKey: "k"})
	require.Equal(t, connect.CodeFailedPrecondition, connect.CodeOf(err))
}

func TestNeverOversold(t *testing.T) {
	t.Parallel()
	service := stocked(t)
	address := MustServe(t, service, 0)
	var sold atomic.Int64
	var buyers sync.WaitGroup
	for name := range dialects {
		c := speak(t, address, name)
		for range 4 {
			buyers.Go(func() {
				sale, err := c.Buy(t.Context(), &toystorev1.BuyRequest{Name: "Tux"})
				if err == nil && sale.GetResult() == toystorev1.Result_RESULT_BOUGHT {
					sold.Add(1)
				}
			})
		}
	}
	buyers.Wait()
	require.Equal(t, int64(12), sold.Load())
	left, err := service.Query(t.Context(), "Tux")
	require.NoError(t, err)
	require.Equal(t, toystore.Toy{Name: "Tux", Price: 2599}, left)
}

// What a stock gRPC client needs.
func TestGRPCGo(t *testing.T) {
	t.Parallel()
	conn := MustDial(t, MustServe(t, stocked(t), 0))

	t.Run("OK", func(t *testing.T) {
		var toy toystorev1.QueryResponse
		require.NoError(t, conn.Invoke(t.Context(), query, &toystorev1.QueryRequest{Name: "Tux"}, &toy))
		require.Equal(t, int64(2599), toy.GetPriceCents())
		var sale toystorev1.BuyResponse
		require.NoError(t, conn.Invoke(t.Context(), buy, &toystorev1.BuyRequest{Name: "Tux"}, &sale))
		require.Equal(t, toystorev1.Result_RESULT_BOUGHT, sale.GetResult())
	})
	t.Run("NoSuchMethod", func(t *testing.T) {
		for _, method := range []string{"/toystore.v1.ToyStore/Steal", "/toystore.v1.Bank/Query"} {
			err := conn.Invoke(t.Context(), method, &toystorev1.QueryRequest{Name: "Tux"}, &toystorev1.QueryResponse{})
			require.Equal(t, codes.Unimplemented, status.Code(err), method)
		}
	})
	t.Run("Health", func(t *testing.T) {
		health := grpc_health_v1.NewHealthClient(conn)
		for _, service := range []string{"", "toystore.v1.ToyStore"} {
			answer, err := health.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
			require.NoError(t, err)
			require.Equal(t, grpc_health_v1.HealthCheckResponse_SERVING, answer.GetStatus())
		}
		_, err := health.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "toystore.v1.Bank"})
		require.Equal(t, codes.NotFound, status.Code(err))
	})
	t.Run("Reflection", func(t *testing.T) {
		stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
		require.NoError(t, err)
		ask := func(in *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
			require.NoError(t, stream.Send(in))
			answer, err := stream.Recv()
			require.NoError(t, err)
			return answer
		}
		listed := ask(&reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}})
		var names []string
		for _, s := range listed.GetListServicesResponse().GetService() {
			names = append(names, s.GetName())
		}
		require.ElementsMatch(t, []string{"toystore.v1.ToyStore", "grpc.health.v1.Health"}, names)

		for _, name := range names {
			found := ask(&reflectionv1.ServerReflectionRequest{
				MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: name},
			})
			files := found.GetFileDescriptorResponse().GetFileDescriptorProto()
			require.NotEmpty(t, files, "%s: %v", name, found)
			var file descriptorpb.FileDescriptorProto
			require.NoError(t, proto.Unmarshal(files[0], &file))
			require.Len(t, file.GetService(), 1)
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.ErrorIs(t, err, io.EOF)
	})
	t.Run("OldReflection", func(t *testing.T) { requireOldReflection(t, conn) })
}

// grpcio-reflection and old grpcurls ask for v1alpha, which has the same messages.
func requireOldReflection(t *testing.T, conn *grpc.ClientConn) {
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true},
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
	require.NoError(t, err)
	require.NoError(t, stream.SendMsg(&reflectionv1.ServerReflectionRequest{
		MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{},
	}))
	var answer reflectionv1.ServerReflectionResponse
	require.NoError(t, stream.RecvMsg(&answer))
	require.Len(t, answer.GetListServicesResponse().GetService(), 2)
	require.NoError(t, stream.CloseSend())
	require.ErrorIs(t, stream.RecvMsg(&answer), io.EOF)
}
