using System.Buffers.Binary;
using static CriShim.Linux.LibC.NetlinkSockets;
using static CriShim.Linux.LibC.NfTables;

namespace CriShim.Linux.Netlink;

/// <summary>One transaction on a table of family inet (nft(8)): all of it takes effect at once or nothing does.</summary>
public sealed class NftBatch
{
    private readonly NetlinkBatch _batch = new();
    private readonly string _table;
    private uint _setId;

    public NftBatch(string table)
    {
        _table = table;
        BeginMarker(NFNL_MSG_BATCH_BEGIN);
    }

    /// <summary>Runs the transaction.</summary>
    public void Commit(NetlinkSocket netfilter) => netfilter.Execute(Close());

    /// <inheritdoc cref="NetlinkSocket.ExecuteIfPresent"/>
    public bool CommitIfPresent(NetlinkSocket netfilter) => netfilter.ExecuteIfPresent(Close());

    /// <summary>Makes the table if it is not there.</summary>
    public void AddTable()
    {
        Begin(NFT_MSG_NEWTABLE, NLM_F_CREATE, $"add table {_table}");
        _batch.Text(NFTA_TABLE_NAME, _table);
        _batch.NetworkNumber(NFTA_TABLE_FLAGS, 0);
    }

    /// <summary>Removes the table with all in it.</summary>
    public void DeleteTable()
    {
        Begin(NFT_MSG_DELTABLE, 0, $"delete table {_table}");
        _batch.Text(NFTA_TABLE_NAME, _table);
    }

    /// <param name="type">filter or nat.</param>
    /// <param name="hook">NF_INET_…</param>
    public void AddChain(string name, string type, int hook, int priority)
    {
        Begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE, $"add chain {_table} {name}");
        _batch.Text(NFTA_CHAIN_TABLE, _table);
        _batch.Text(NFTA_CHAIN_NAME, name);
        _batch.Text(NFTA_CHAIN_TYPE, type);
        using var nest = _batch.Nested(NFTA_CHAIN_HOOK);
        _batch.NetworkNumber(NFTA_HOOK_HOOKNUM, (uint)hook);
        _batch.NetworkNumber(NFTA_HOOK_PRIORITY, (uint)priority);
    }

    public void AddMap(string name, NftMapType type)
    {
        Begin(NFT_MSG_NEWSET, NLM_F_CREATE, $"add map {_table} {name}");
        _batch.Text(NFTA_SET_TABLE, _table);
        _batch.Text(NFTA_SET_NAME, name);
        _batch.NetworkNumber(NFTA_SET_FLAGS, NFT_SET_MAP);
        _batch.NetworkNumber(NFTA_SET_KEY_TYPE, type.KeyType);
        _batch.NetworkNumber(NFTA_SET_KEY_LEN, (uint)type.KeyBytes);
        _batch.NetworkNumber(NFTA_SET_DATA_TYPE, type.ValueType);
        _batch.NetworkNumber(NFTA_SET_DATA_LEN, (uint)type.ValueBytes);
        _batch.NetworkNumber(NFTA_SET_ID, ++_setId);
    }

    /// <summary>A key that is there with another value fails with EBUSY or EEXIST.</summary>
    public void AddElement(string map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Begin(NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL, $"add element of {_table} {map}");
        Element(map, key, value);
    }

    public void DeleteElement(string map, ReadOnlySpan<byte> key)
    {
        Begin(NFT_MSG_DELSETELEM, 0, $"delete element of {_table} {map}");
        Element(map, key, default);
    }

    public void AddRule(string chain, Action<NftRule> expressions)
    {
        Begin(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, $"add rule of {_table} {chain}");
        _batch.Text(NFTA_RULE_TABLE, _table);
        _batch.Text(NFTA_RULE_CHAIN, chain);
        using var list = _batch.Nested(NFTA_RULE_EXPRESSIONS);
        expressions(new NftRule(_batch));
    }

    private void Element(string map, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _batch.Text(NFTA_SET_ELEM_LIST_TABLE, _table);
        _batch.Text(NFTA_SET_ELEM_LIST_SET, map);
        using var list = _batch.Nested(NFTA_SET_ELEM_LIST_ELEMENTS);
        using var element = _batch.Nested(NFTA_LIST_ELEM);
        using (_batch.Nested(NFTA_SET_ELEM_KEY))
        {
            _batch.Attribute(NFTA_DATA_VALUE, key);
        }

        if (!value.IsEmpty)
        {
            using var data = _batch.Nested(NFTA_SET_ELEM_DATA);
            _batch.Attribute(NFTA_DATA_VALUE, value);
        }
    }

    private void Begin(ushort message, ushort flags, string operation)
    {
        _batch.Begin((ushort)((NFNL_SUBSYS_NFTABLES << 8) | message), (ushort)(flags | NLM_F_ACK), operation);
        _batch.Put(new nfgenmsg { nfgen_family = NFPROTO_INET });
    }

    private void BeginMarker(ushort type)
    {
        _batch.Begin(type, 0, $"transaction on table {_table}");
        _batch.Put(new nfgenmsg { res_id = BinaryPrimitives.ReverseEndianness(NFNL_SUBSYS_NFTABLES) });
    }

    private NetlinkBatch Close()
    {
        BeginMarker(NFNL_MSG_BATCH_END);
        return _batch;
    }
}
